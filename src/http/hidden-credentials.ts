const HIDDEN = '(secret)';
/** Text of this kind is for people; what goes on for longer is a page that some server answered with. */
const MOST_TEXT = 4000;

/**
 * `user:password@` of addresses. Greedy: a password may hold an @ that nobody encoded. Schemes are short, and this is read
 * once, not once from every dot of a long text.
 */
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/?#]*@/gi;
/** What lets whoever holds it read a signed address of S3. */
const SIGNATURE = /\b(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"']*/gi;

/** The text as it may be shown: addresses without their credentials, and not without end. */
export function hideCredentials(text: string): string {
  const hidden = text.replace(USER_INFO, `$1${HIDDEN}@`).replace(SIGNATURE, `$1${HIDDEN}`);
  if (hidden.length <= MOST_TEXT) return hidden;
  return `${hidden.slice(0, MOST_TEXT)}… (${hidden.length - MOST_TEXT} more characters)`;
}
