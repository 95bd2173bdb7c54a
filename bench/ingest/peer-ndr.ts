// ndr-stream itself: to be filled in. Takes the arguments of every peer, prints printReport()'s line, exits 0.
//   --folder DIR      the mini-batch folder: 8 gzip files of JSON Lines with canonical field names, no mapping needed
//   --slice-end ISO   the end of its slice (the slice is settled by this, not by the clock)
//   --threads N       worker threads, default 1
//   --parquet DIR     write delta, pair_context and pair_counts as ZSTD Parquet there; absent: keep them in memory
import { PEER_USAGE } from './peer.ts';

process.stderr.write(`bench peer-ndr: not written yet. Usage: node bench/ingest/peer-ndr.ts ${PEER_USAGE}\n`);
process.exit(2);
