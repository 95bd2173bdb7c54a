import { SETTINGS } from './settings.ts';
import { envNameOf, type SettingTable } from './settings-table.ts';

/** The reference page of all settings, as Markdown. */
export function renderSettingsDoc(table: SettingTable = SETTINGS): string {
  const rows = Object.entries(table).map(([path, { doc, type, default: usual, secret, environment = [] }]) => {
    const cells = [
      `\`${path}\``,
      [envNameOf(path), ...environment].map((name) => `\`${name}\``).join(', '),
      usual === null ? 'unset' : `\`${String(usual)}\``,
      type.description ?? '',
      secret === true ? `${doc} Secret: never printed.` : doc,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return `# Settings

<!-- Generated from src/config/settings.ts; do not edit. -->

A setting stands on the command line (\`--<setting> <value>\`), in the environment, or in the YAML file; the earlier of
these wins. In the YAML file \`lake.gc_grace_seconds\` is \`gc_grace_seconds\` within \`lake\`:

\`\`\`yaml
lake:
  gc_grace_seconds: 3600
\`\`\`

A blank value is unset. Unknown settings are errors, and all errors are reported at once.

| setting | environment | default | values | what it does |
|---|---|---|---|---|
${rows.join('\n')}
`;
}
