import { LineCounter, parseDocument } from 'yaml';
import { suggestion } from './nearest-key.ts';
import { show } from './shown-value.ts';

export interface FileValues {
  /** By path, `lake.gc_grace_seconds`. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly faults: readonly string[];
}

/** Reads nested YAML as values by path. Keys that lead to no known path are faults that name the nearest one. */
export function flattenYaml(text: string, name: string, paths: readonly string[]): FileValues {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const faults = document.errors.map(({ message, pos }) => {
    const { line, col } = lineCounter.linePos(pos[0]);
    return `${name}:${line}:${col}: ${message}`;
  });
  const values = new Map<string, unknown>();
  if (faults.length > 0) return { values, faults };
  const root: unknown = document.toJS();
  if (root === null || root === undefined) return { values, faults };
  if (typeof root !== 'object' || Array.isArray(root)) {
    return { values, faults: [`${name}: is ${show(root)}; expected settings such as "shards: 4"`] };
  }
  const walk = (section: object, above: string): void => {
    for (const [key, value] of Object.entries(section)) {
      const path = above === '' ? key : `${above}.${key}`;
      const isSection = paths.some((known) => known.startsWith(`${path}.`));
      const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
      if (paths.includes(path)) values.set(path, value);
      else if (isSection && isMap) walk(value, path);
      else if (isSection && value !== null)
        faults.push(`${name}: ${path}: is ${show(value)}; expected the settings within it`);
      else if (!isSection) faults.push(`${name}: ${path}: unknown key${suggestion(path, paths)}`);
    }
  };
  walk(root, '');
  return { values, faults };
}
