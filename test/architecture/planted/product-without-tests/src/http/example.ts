import { given } from '../../test/given.js';
export const example = given;
