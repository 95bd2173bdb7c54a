/**
 * Credentials for servers that take any, and nothing of this machine's: neither its profiles nor its role. Children
 * inherit it.
 */
export function pretendAwsCredentials(): void {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'AKIAPRETENDED',
    AWS_SECRET_ACCESS_KEY: 'pretended-secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  });
  delete process.env['AWS_SESSION_TOKEN'];
  delete process.env['AWS_PROFILE'];
}
