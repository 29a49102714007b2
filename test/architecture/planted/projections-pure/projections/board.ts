import { append } from '../src/store/event-store.js';
export const board = append;
