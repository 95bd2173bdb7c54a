import type { RawFiles } from './raw-files.ts';

/** Raw logs in S3 and in folders at once: `s3://…` goes to the first, everything else to the second. */
export function rawFilesByAddress(s3: RawFiles, directory: RawFiles): RawFiles {
  const at = (address: string): RawFiles => (address.startsWith('s3://') ? s3 : directory);
  return {
    list: async (folder) => at(folder).list(folder),
    folders: async (folder) => at(folder).folders(folder),
    etag: async (file) => at(file.path).etag(file),
    read: (file, from) => at(file.path).read(file, from),
    has: async (folder, name) => at(folder).has(folder, name),
  };
}
