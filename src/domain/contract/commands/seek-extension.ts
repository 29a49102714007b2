import { contract } from '../contract.js';

export const seekExtension = contract.command('SeekExtension', {
  summary: 'Seek an extension of the term: asked for, not yet decided.',
  records: 'ExtensionSought',
});
