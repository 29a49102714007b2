import { expect, it } from '@jest/globals';
import { recordDispute } from '../src/domain/contract/commands/record-dispute.js';
import { contract } from '../src/domain/contract/index.js';
import { specification } from './given.js';

const given = specification(contract);

it('refuses a specification whose record stands among the fields, where nothing would read it', () => {
  const raised = { dispute: 'outages', by: 'supplier', matter: 'Outages', record: { effectiveOn: '2016-10-01' } };
  expect(() => given().when(recordDispute, raised)).toThrow('when(command, fields, record)');
});
