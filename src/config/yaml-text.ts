import { parse } from 'yaml';

/** Reads a YAML document as a plain value; throws with line and column where it is none. */
export const parseYaml = (text: string): unknown => parse(text);
