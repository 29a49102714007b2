import Database from 'better-sqlite3';
export const readModel = new Database(':memory:');
