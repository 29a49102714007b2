import { Injectable } from '@nestjs/common';
export const engine = Injectable;
