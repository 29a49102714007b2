import { answer } from './http/answer.js';
export const thread = answer;
