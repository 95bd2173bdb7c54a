import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './server-process.ts';

interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
}

const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** Fetches a program of Maven Central with all it needs. Gives the class path to start it with. */
export async function fetchProgram({ group, name, version }: Artifact, folder: string): Promise<string> {
  const jars = join(folder, 'jars');
  await mkdir(jars, { recursive: true });
  const pom = join(folder, 'pom.xml');
  const dependency = `<groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>`;
  await writeFile(
    pom,
    '<project><modelVersion>4.0.0</modelVersion><groupId>ndr</groupId><artifactId>trial</artifactId><version>1</version>' +
      `<dependencies><dependency>${dependency}</dependency></dependencies></project>`,
  );
  const args = ['-q', '-B', '-f', pom, PLUGIN, `-DoutputDirectory=${jars}`, '-DincludeScope=runtime'];
  await runTool(`fetch ${name} ${version}`, 'mvn', args);
  return join(jars, '*');
}
