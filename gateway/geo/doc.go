// Package geo turns data about where IP addresses are into the table that the plugin geo-ip searches, and back.
//
// A table is one run of bytes that a plugin keeps in its linear memory as it is. Numbers are little-endian:
//
//	magic      8 bytes  "geotab" 0 1
//	counts     5 × u32  blocks, locations, texts, bytes of texts, bytes of ranges
//	starts     u32 for each block: its first address; the first block begins at 0.0.0.0
//	places     u32 for each block: where its ranges begin, from the beginning of the ranges
//	locations  4 × u16 for each: the numbers of the texts of country, province, city, provider
//	ends       u32 for each text: where it ends in the bytes of texts; text 0 is empty
//	texts      UTF-8
//	ranges     one after the other, 64 in each block but the last
//
// A range is the number of its location as a varint (0 is no location, 1 the first of the locations, which are in the
// order of how often they occur), and, unless it is the last of its block, its size: one byte n below 32 for 2ⁿ addresses,
// else a byte 32+n and a varint v for (2v+1)·2ⁿ addresses. The last range of a block ends where the next block begins,
// that of the table with 255.255.255.255. Varints are those of protocol buffers.
package geo
