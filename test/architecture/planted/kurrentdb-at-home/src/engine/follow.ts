import { KurrentDBClient } from '@eventstore/db-client';
export const client = KurrentDBClient;
