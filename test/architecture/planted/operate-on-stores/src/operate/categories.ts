import { subjects } from '../domain/index.js';
export const categories = subjects;
