import { Ajv } from 'ajv';
export const check = new Ajv();
