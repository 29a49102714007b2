import { afterAll, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { checkEvidence } from '../../src/proof/evidence-check.js';
import { EvidenceFolder } from '../../src/proof/evidence-folder.js';
import { eventsOf, logOf } from './kept-tree.js';

const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-evidence-'));
afterAll(() => rm(dir, { recursive: true }));

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const naming = (...texts: readonly (string | undefined)[]): RecordedEvent => {
  const [event] = eventsOf(1);
  const evidence = texts.map((text) => ({
    uri: 'https://example.org/a',
    title: 'Paper',
    confidence: 'primary' as const,
    ...(text !== undefined && { sha256: hashOf(text) }),
  }));
  return { ...event!, metadata: { ...event!.metadata, evidence } };
};

it('evidence is compared with its hashes, and with what events name', async () => {
  const folder = new EvidenceFolder(dir);
  expect(await checkEvidence(logOf([]), folder)).toMatchObject({ whole: 0, bytes: 0, unnamed: { count: 0, names: [] } });
  await mkdir(join(dir, 'evidence'));
  const keep = (name: string, text: string) => writeFile(join(dir, 'evidence', name), text);
  for (const text of ['one', 'three', 'seven']) await keep(hashOf(text), text);
  await keep(hashOf('altered'), 'another text');
  await keep('cut.partial', 'on');
  const events = [naming('one', undefined, 'away'), ...eventsOf(3).slice(1), naming('away', 'altered'), naming('three', 'gone')];
  const log = logOf(events.map((event, n) => ({ ...event, position: String(n + 1) })));
  expect(await checkEvidence(log, folder)).toMatchObject({
    whole: 3,
    bytes: 13,
    altered: { count: 1, names: [hashOf('altered')] },
    unnamed: { count: 1, names: [hashOf('seven')] },
    missing: { count: 3, names: [hashOf('away'), hashOf('gone')] },
    foreign: { count: 1, names: ['cut.partial'] },
  });
  const many = logOf([naming(...Array.from({ length: 30 }, (_, n) => `away ${n}`))]);
  const { missing } = await checkEvidence(many, folder);
  expect([missing.count, missing.names]).toEqual([30, Array.from({ length: 20 }, (_, n) => hashOf(`away ${n}`))]);
  folder.check = async () => {
    throw new Error('The disk is away.');
  };
  await expect(checkEvidence(log, folder)).rejects.toThrow('The disk is away.');
});
