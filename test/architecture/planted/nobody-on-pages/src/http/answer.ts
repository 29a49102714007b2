import { page } from '../pages/page.js';
export const answer = page;
