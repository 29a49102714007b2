import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import featuresServices from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streamsServices from '@eventstore/db-client/generated/streams_grpc_pb.js';

const { LEADER, FOLLOWER, DISCOVERLEADER } = gossip.MemberInfo.VNodeState;
const STATES = { leader: LEADER, follower: FOLLOWER, electing: DISCOVERLEADER } as const;

export interface Member {
  readonly host: string;
  readonly port: number;
  readonly state: keyof typeof STATES;
}

/** The gossip response. `now` is in milliseconds since 1970. */
export const clusterMessage = (now: number, members: readonly Member[]): gossip.ClusterInfo => {
  const info = new gossip.ClusterInfo();
  for (const { host, port, state } of members) {
    const endPoint = new gossip.EndPoint();
    endPoint.setAddress(host);
    endPoint.setPort(port);
    const bits = new shared.UUID.Structured();
    // The UUID 00000000-0000-4000-8000-…, ending in the port.
    bits.setMostSignificantBits(String(0x4000));
    bits.setLeastSignificantBits(String(BigInt.asIntN(64, 0x8000000000000000n + BigInt(port))));
    const id = new shared.UUID();
    id.setStructured(bits);
    const member = new gossip.MemberInfo();
    member.setInstanceId(id);
    member.setTimeStamp(String(BigInt(now) * 10_000n));
    member.setState(STATES[state]);
    member.setIsAlive(true);
    member.setHttpEndPoint(endPoint);
    info.addMembers(member);
  }
  return info;
};

const SERVICES = {
  'event_store.client.streams.streams': streamsServices.StreamsService,
  'event_store.client.gossip.gossip': gossipServices.GossipService,
  'event_store.client.server_features.serverfeatures': featuresServices.ServerFeaturesService,
};

/** The server version that the fake imitates, and the calls that it answers. */
export const supportedMethods = (): features.SupportedMethods => {
  const supported = new features.SupportedMethods();
  supported.setEventStoreServerVersion('26.1.0');
  for (const [name, service] of Object.entries(SERVICES)) {
    for (const method of Object.keys(service)) {
      const entry = new features.SupportedMethod();
      entry.setServiceName(name);
      entry.setMethodName(method.toLowerCase());
      supported.addMethods(entry);
    }
  }
  return supported;
};
