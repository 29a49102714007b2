import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { commandTable } from '../src/cli/readme.js';

it('the README lists every command with its events and refusals as they are', () => {
  expect(readFileSync('README.md', 'utf8')).toContain(commandTable());
});
