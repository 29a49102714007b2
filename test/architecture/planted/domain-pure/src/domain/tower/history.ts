import { history } from '../../kernel/history.js';
export const mine = history;
