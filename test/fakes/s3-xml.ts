/** What an answer of S3 holds: text, more of the same, or several elements of one name. */
export type Xml = string | number | boolean | XmlElements | readonly XmlElements[] | undefined;
export interface XmlElements {
  readonly [name: string]: Xml;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function xmlDocument(name: string, content: XmlElements): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${elements(content)}</${name}>`;
}

function elements(content: XmlElements): string {
  return Object.entries(content)
    .map(([name, value]) => {
      if (value === undefined) return '';
      if (Array.isArray(value))
        return (value as readonly XmlElements[]).map((one) => tag(name, elements(one))).join('');
      return tag(name, typeof value === 'object' ? elements(value as XmlElements) : escaped(String(value)));
    })
    .join('');
}

const tag = (name: string, content: string): string => `<${name}>${content}</${name}>`;

const ESCAPES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };
const escaped = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what has to be escaped
  text.replace(/[<>&"\u0000-\u001f]/g, (sign) => ESCAPES[sign] ?? `&#x${sign.charCodeAt(0).toString(16)};`);

/** Contents of every element of that name, in order, as XML. Elements of one name do not nest in what S3 is sent. */
export const insideAll = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, 'g'))].map(([, content]) => content!);

/** Text of the first element of that name. */
export const textOf = (xml: string, name: string): string | undefined => {
  const content = insideAll(xml, name)[0];
  return content === undefined ? undefined : unescaped(content);
};

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const unescaped = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return NAMED[name!] ?? all;
  });
