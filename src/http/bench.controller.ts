import { Body, Controller, Post, Res, type Type } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { AnyCommand } from '../kernel/index.js';
import { BodyPipe } from './body.js';

/** Routes to compare a command with: `no-op` leaves out everything but HTTP and Nest, `validated` checks the body too. */
export const benchController = (command: AnyCommand): Type => {
  const shape = new BodyPipe(command);

  @ApiExcludeController()
  @Controller('bench')
  class BenchController {
    @Post('no-op')
    noOp(@Res() reply: FastifyReply): void {
      reply.header('content-type', 'application/json; charset=utf-8').send('{}');
    }

    @Post('validated')
    validated(@Body(shape) _body: object, @Res() reply: FastifyReply): void {
      reply.header('content-type', 'application/json; charset=utf-8').send('{}');
    }
  }
  return BenchController;
};
