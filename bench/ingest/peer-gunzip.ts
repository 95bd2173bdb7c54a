// The floor: nobody can be faster than decompressing the files.
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { printReport, readPeerArguments } from './peer.ts';

const MIB = 1 << 20;

let bytes = 0;
for (const file of readPeerArguments().files) {
  for await (const chunk of createReadStream(file, { highWaterMark: MIB / 4 }).pipe(createGunzip({ chunkSize: MIB }))) {
    bytes += (chunk as Buffer).length;
  }
}
if (bytes === 0) throw new Error('bench peer-gunzip: the folder holds no data');
printReport({});
