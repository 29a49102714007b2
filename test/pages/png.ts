import { deflateSync, inflateSync } from 'node:zlib';

/** Bits of each colour channel that a palette keeps apart. */
const BITS = 4;
const CRCS = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
const crc = (bytes: Buffer): number => {
  let c = 0xffffffff;
  for (const byte of bytes) c = CRCS[(c ^ byte) & 0xff]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
};
const chunk = (type: string, data: Buffer): Buffer => {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc(named), named.length + 4);
  return framed;
};

/** The pixels of a PNG of 8-bit RGB or RGBA without interlacing, as Chromium makes them: 3 bytes each. */
const pixelsOf = (png: Buffer): { readonly width: number; readonly height: number; readonly rgb: Buffer } => {
  const parts: Buffer[] = [];
  let [width, height, channels] = [0, 0, 3];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') [width, height, channels] = [data.readUInt32BE(0), data.readUInt32BE(4), data[9] === 6 ? 4 : 3];
    if (type === 'IDAT') parts.push(data);
    at += length + 12;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const rgb = Buffer.alloc(width * height * 3);
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]!;
    const line = Buffer.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let x = 0; x < stride; x++) {
      const left = x >= channels ? line[x - channels]! : 0;
      const up = above[x]!;
      const corner = x >= channels ? above[x - channels]! : 0;
      const estimate = left + up - corner;
      const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - corner)];
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner;
      line[x] = (line[x]! + [0, left, up, (left + up) >> 1, paeth][filter]!) & 0xff;
    }
    for (let x = 0; x < width; x++) line.copy(rgb, (y * width + x) * 3, x * channels, x * channels + 3);
    above = line;
  }
  return { width, height, rgb };
};

/** The same picture with at most 256 colours: a tenth of the bytes, for pictures of text. */
export const smaller = (png: Buffer): Buffer => {
  const { width, height, rgb } = pixelsOf(png);
  const counts = new Map<number, { n: number; r: number; g: number; b: number }>();
  const keyAt = (i: number) =>
    ((rgb[i]! >> (8 - BITS)) << (2 * BITS)) | ((rgb[i + 1]! >> (8 - BITS)) << BITS) | (rgb[i + 2]! >> (8 - BITS));
  for (let i = 0; i < rgb.length; i += 3) {
    const key = keyAt(i);
    const known = counts.get(key);
    if (known) {
      known.n++;
      known.r += rgb[i]!;
      known.g += rgb[i + 1]!;
      known.b += rgb[i + 2]!;
    } else counts.set(key, { n: 1, r: rgb[i]!, g: rgb[i + 1]!, b: rgb[i + 2]! });
  }
  const colours = [...counts].sort(([, a], [, b]) => b.n - a.n).slice(0, 64).map(([key, { n, r, g, b }]) => ({ key, r: r / n, g: g / n, b: b / n })); // prettier-ignore
  const places = new Map(colours.map(({ key }, i) => [key, i]));
  const nearest = (
    key: number,
    { n, r, g, b }: { readonly n: number; readonly r: number; readonly g: number; readonly b: number },
  ): number => {
    let [best, distance] = [0, Infinity];
    for (const [i, colour] of colours.entries()) {
      const d = (colour.r - r / n) ** 2 + (colour.g - g / n) ** 2 + (colour.b - b / n) ** 2;
      if (d < distance) [best, distance] = [i, d];
    }
    places.set(key, best);
    return best;
  };
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const key = keyAt((y * width + x) * 3);
      lines[y * (width + 1) + 1 + x] = places.get(key) ?? nearest(key, counts.get(key)!);
    }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const palette = Buffer.from(colours.flatMap(({ r, g, b }) => [Math.round(r), Math.round(g), Math.round(b)]));
  return Buffer.concat([png.subarray(0, 8), chunk('IHDR', head), chunk('PLTE', palette), chunk('IDAT', deflateSync(lines, { level: 9 })), chunk('IEND', Buffer.alloc(0))]); // prettier-ignore
};
