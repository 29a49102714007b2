import { contract } from '../contract.js';

export const exerciseExtension = contract.command('ExerciseExtension', {
  summary: 'Extend the term, by an option of the contract or without one.',
  records: 'ExtensionExercised',
});
