// Custom resources of stacks answer at the event's ResponseURL. What AWS gives away for Node.js (the
// cfn-response module, CDK's handlers) takes only its host name and its path, and so calls port 443.
import { Agent } from "node:https";
import { connect } from "node:net";

// Loopback only: nobody who sends events may turn the function's other connections elsewhere.
const ADDRESS = /"http:\/\/(127\.0\.0\.1|localhost):(\d+)\/cloudformation-custom-resource-response\//;
const addresses = new Map();
const original = Agent.prototype.createConnection;

// From now on connections to port 443 of the address that an event names go to the port it names.
export function reach(body) {
  const [, host, port] = body.toString("utf8").replaceAll('\\"', '"').match(ADDRESS) ?? [];
  if (!host) return;
  addresses.set(host, Number(port));
  Agent.prototype.createConnection = createConnection;
}

function createConnection(options, ...more) {
  const port = Number(options?.port) === 443 ? addresses.get(options.host) : undefined;
  return port === undefined ? original.call(this, options, ...more) : connect(port, options.host);
}
