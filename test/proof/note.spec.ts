import { describe, expect, it } from '@jest/globals';
import { createPublicKey, sign } from 'node:crypto';
import { checkpointBody, openCheckpoint, parseCheckpoint, signCheckpoint } from '../../src/proof/checkpoint.js';
import { COSIGNATURE, cosign, InvalidNoteError, isName, noteSigner, parseNote, parseVerifierKey, renamed, signedBy, signNote, verifierKey } from '../../src/proof/note.js'; // prettier-ignore
import { hashesIn, proofText } from '../../src/proof/proof-text.js';
import { KEY, keyText, ORIGIN, STRANGER } from './made-bundle.js';

const BODY = 'what is signed\n';
const own = parseVerifierKey(keyText());
const seer = parseVerifierKey(keyText('w', KEY, COSIGNATURE));
const signature = (bytes: number): string => `\u2014 w ${Buffer.alloc(bytes, 7).toString('base64')}\n`;

describe('a signed note', () => {
  it('is signed by the key that its line names, whichever other lines it has', () => {
    const note = signNote(BODY, ORIGIN, KEY);
    expect(noteSigner(ORIGIN, KEY).sign(BODY)).toBe(note);
    expect(noteSigner(ORIGIN, KEY).key).toBe(keyText());
    const line = note.slice(BODY.length + 1);
    const invalid = line.replace(/ [^ ]+\n$/, ` ${Buffer.concat([Buffer.from(own.id, 'hex'), Buffer.alloc(64)]).toString('base64')}\n`);
    const short = line.replace(/ [^ ]+\n$/, ` ${Buffer.concat([Buffer.from(own.id, 'hex'), Buffer.alloc(3)]).toString('base64')}\n`);
    const by = (text: string, key = own) => signedBy(parseNote(text), key);
    expect(by(note)).toBe(true);
    for (const before of [signature(68), invalid, short]) expect([by(`${BODY}\n${before}${line}`), by(`${BODY}\n${before}`)]).toEqual([true, undefined]); // prettier-ignore
    expect(by(note.replace('what', 'that'))).toBeUndefined();
    expect(by(note, renamed(own, 'another'))).toBeUndefined();
    expect(by(note, { ...own, name: 'another' })).toBeUndefined();
    expect(by(note, { ...own, id: '00000000' })).toBeUndefined();
    expect(by(note, { ...own, key: createPublicKey(STRANGER) })).toBeUndefined();
    expect(by(note, { ...own, type: COSIGNATURE })).toBeUndefined();
  });

  it('has the time at which a witness signed, which the witness signs as well', () => {
    const line = cosign(BODY, 'w', KEY, 1_767_225_600);
    const by = (text: string, key = seer) => signedBy(parseNote(text), key);
    expect(by(`${BODY}\n${line}`)).toBe(1_767_225_600);
    expect(by(`${BODY}\n${line}`, { ...seer, type: 1 })).toBeUndefined();
    const bytes = Buffer.from(line.split(' ')[2]!, 'base64');
    const again = (changed: Buffer) => `${BODY}\n\u2014 w ${changed.toString('base64')}\n`;
    expect(by(again(Buffer.from(bytes)))).toBe(1_767_225_600);
    for (const at of [4, 11, 12, 75]) expect(by(again(Buffer.from(bytes.with(at, bytes[at]! ^ 1))))).toBeUndefined();
    expect(by(again(Buffer.concat([bytes, Buffer.alloc(1)])))).toBeUndefined();
    // a plain signature over the same text is none of a witness
    const plain = Buffer.concat([bytes.subarray(0, 12), sign(null, Buffer.from(BODY), KEY)]);
    expect(by(again(plain))).toBeUndefined();
    // a line that is too short is passed over
    expect(by(again(bytes.subarray(0, 7)) + line)).toBe(1_767_225_600);
    const altered = again(bytes) + line;
    expect(by(altered.replace(' w ', ' v '))).toBe(1_767_225_600);
  });

  it('is what stands before its last empty line', () => {
    expect(parseNote(`one\n\ntwo\n\n${signature(5)}`)).toEqual({
      body: 'one\n\ntwo\n',
      signatures: [{ name: 'w', id: '07070707', bytes: Buffer.from([7]) }],
    });
    expect(parseNote(`\n\n${signature(9)}`).body).toBe('\n');
    expect(parseNote(`a\n\n${signature(9).repeat(64)}`).signatures).toHaveLength(64);
  });

  it.each<[string, string, string]>([
    ['is empty', '', 'This is no signed note.'],
    ['has no empty line', `${BODY}${signature(9)}`, 'This is no signed note.'],
    ['has no newline at its end', `${BODY}\n${signature(9).trimEnd()}`, 'This is no signed note.'],
    ['is too long', `${'x'.repeat(16 << 20)}\n\n${signature(9)}`, 'This is no signed note.'],
    ['holds half of a pair of surrogates', `\ud83d\n\n${signature(9)}`, 'This is no signed note.'],
    ['has no signature', `${BODY}\n`, 'A signature line of the note is malformed.'],
    ['has more signatures than may be', `${BODY}\n${signature(9).repeat(65)}`, 'A note has 64 signatures at most.'],
    ['has a signature without an id', `${BODY}\n${signature(4)}`, 'A signature line of the note is malformed.'],
    ['has a line with another dash', `${BODY}\n${signature(9).replace('\u2014', '-')}`, 'A signature line of the note is malformed.'],
    ['has a line with text before its dash', `${BODY}\nx${signature(9)}`, 'A signature line of the note is malformed.'],
    ['has a line with text behind', `${BODY}\n${signature(9).replace('\n', ' x\n')}`, 'A signature line of the note is malformed.'],
    ['has a line without a name', `${BODY}\n${signature(9).replace(' w ', '  ')}`, 'A signature line of the note is malformed.'],
    ['has base64 that no encoder writes', `${BODY}\n\u2014 w AAAAAAB=\n`.replace('B=', 'B==').replace('AAAAAAB', 'AAAAAAAAB'), 'A signature line of the note is malformed.'], // prettier-ignore
    ['has a malformed line beside a valid one', `${BODY}\n${signature(9)}x\n`, 'A signature line of the note is malformed.'],
  ])('is none where it %s', (_, text, message) => {
    expect(() => parseNote(text)).toThrow(new InvalidNoteError(message));
  });

  it('is made of a text that ends with a newline, under a name', () => {
    for (const [body, name] of [
      ['text', ORIGIN],
      [BODY, ''],
      [BODY, 'a b'],
      [BODY, 'a+b'],
    ] as const)
      // prettier-ignore
      expect(() => signNote(body, name, KEY)).toThrow('This text cannot be signed under this name.');
    expect(['a', '!', '~', 'x'.repeat(255)].map(isName)).toEqual([true, true, true, true]);
    expect(['', 'x'.repeat(256), 'a b', '+', 'ä', 'a\n', ' a', '\u007f'].some(isName)).toBe(false);
  });
});

describe('a public key', () => {
  it('is read as it is written', () => {
    for (const type of [1, COSIGNATURE]) {
      const text = verifierKey('w', createPublicKey(KEY), type);
      const read = parseVerifierKey(text);
      expect([read.name, read.type, verifierKey(read.name, read.key, read.type)]).toEqual(['w', type, text]);
    }
    expect(parseVerifierKey(keyText('x'.repeat(255))).name).toHaveLength(255);
    expect(renamed(own, 'w')).toEqual(parseVerifierKey(keyText('w')));
  });

  const form = 'A key is a line <name>+<id>+<base64> of an Ed25519 key.';
  it.each<[string, string, string]>([
    ['is empty', '', form],
    ['has no name', keyText().slice(ORIGIN.length), form],
    ['has a name that is too long', keyText('x'.repeat(256)), form],
    ['has a blank in its name', keyText('a b'), form],
    ['has a newline behind', `${keyText()}\n`, form],
    ['has an id in upper case', keyText().replace(/\+[\da-f]{8}\+/, '+ABCDEF01+'), form],
    ['has an id that is too short', keyText().replace(/\+[\da-f]/, '+'), form],
    ['has another type', keyText(ORIGIN, KEY, 2), form],
    ['is too long', keyText().replace(/$/, 'AAAA'), form],
    ['is too short', keyText().slice(0, -4), form],
    ['has text before it', ` ${keyText()}`, form],
    ['has base64 that no encoder writes', `${keyText()}=`, form],
    ['has the id of another', keyText().replace(/\+[\da-f]{8}\+/, '+00000000+'), `The id of the key of ${ORIGIN} is not that of its name and bytes.`], // prettier-ignore
    ['has the id of another name', keyText().replace(ORIGIN, 'w'), 'The id of the key of w is not that of its name and bytes.'],
  ])('is none where it %s', (_, text, message) => {
    expect(() => parseVerifierKey(text)).toThrow(new InvalidNoteError(message));
  });
});

describe('a checkpoint', () => {
  const checkpoint = { origin: ORIGIN, size: 3, root: 'ab'.repeat(32), genesis: 'cd'.repeat(32) };

  it('is opened by a known key of its origin', () => {
    const { note } = signCheckpoint(checkpoint, KEY);
    const asked: string[] = [];
    const stranger = parseVerifierKey(keyText(ORIGIN, STRANGER));
    expect(openCheckpoint(note, (origin) => (asked.push(origin), [stranger, own]))).toEqual({
      ...checkpoint,
      note,
      parsed: parseNote(note),
    });
    expect(asked).toEqual([ORIGIN]);
    for (const keys of [[], [stranger]])
      expect(() => openCheckpoint(note, () => keys)).toThrow(`The note over 3 events has no valid signature by a known key of ${ORIGIN}.`);
    expect(() => openCheckpoint(signNote(BODY, ORIGIN, KEY), () => [own])).toThrow('This is no checkpoint of a ledger.');
  });

  it('has an origin of 255 characters at most, which can be the name of a key', () => {
    const origin = `${'x'.repeat(250)}/l/1`;
    const read = (longer: string) => parseCheckpoint(checkpointBody({ ...checkpoint, origin: longer })).origin;
    expect(read(`${origin}1`)).toHaveLength(255);
    expect(() => read(`${origin}11`)).toThrow('This is no checkpoint of a ledger.');
  });

  it('over no events has the root of none', () => {
    const empty = { ...checkpoint, size: 0, root: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' };
    expect(parseCheckpoint(checkpointBody(empty))).toEqual(empty);
    expect(() => parseCheckpoint(checkpointBody({ ...empty, root: checkpoint.root }))).toThrow('This is no checkpoint of a ledger.');
    expect(parseCheckpoint(checkpointBody({ ...empty, size: 1 }))).toEqual({ ...empty, size: 1 });
  });
});

describe('a proof as text', () => {
  it('is its hashes in hexadecimal, one after another', () => {
    const hashes = [Buffer.alloc(32, 1), Buffer.alloc(32, 0xfe)];
    expect(proofText(hashes)).toBe('01'.repeat(32) + 'fe'.repeat(32));
    expect(hashesIn(proofText(hashes))).toEqual(hashes);
    expect(hashesIn('')).toEqual([]);
    for (const none of [
      5,
      undefined,
      'ab',
      'AB'.repeat(32),
      'ab'.repeat(33),
      `${'ab'.repeat(32)}\n`,
      `x${'ab'.repeat(32)}`,
      `${'ab'.repeat(32)}x`,
    ])
      expect(hashesIn(none)).toBeUndefined();
  });
});
