import type { RawFiles } from './raw-files.ts';

/**
 * Raw logs in S3 and in folders at once: `s3://…` goes to the first, everything else to the second.
 * @param openS3 called once, when the first such address comes up
 */
export function rawFilesByAddress(openS3: () => Promise<RawFiles>, directory: RawFiles): RawFiles {
  let s3: Promise<RawFiles> | undefined;
  const at = async (address: string): Promise<RawFiles> => {
    if (!address.startsWith('s3://')) return directory;
    s3 ??= openS3();
    return s3;
  };
  return {
    list: async (folder) => (await at(folder)).list(folder),
    folders: async (folder) => (await at(folder)).folders(folder),
    etag: async (file) => (await at(file.path)).etag(file),
    async *read(file, from) {
      yield* (await at(file.path)).read(file, from);
    },
    has: async (folder, name) => (await at(folder)).has(folder, name),
  };
}
