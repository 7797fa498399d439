import { methods } from "./codecs.ts"

/** The most connections one plan may ask for. */
export const maxConnections = 65_535

/** What each field must be, for whatever is wrong with it. */
export const needs = {
  url: "url must be an address such as http://127.0.0.1:3000/",
  targets:
    "targets must be an array of at least one { url, weight?, name?, method?, headers?, body?, expectStatus?, expectBody? }",
  method: `method must be one of ${methods.join(", ")}`,
  headers: "headers must be an object of names with a string, or an array of strings, each",
  body: "body must be a string, or { base64 } with a string of base64",
  expectStatus: 'expectStatus must be an array of statuses such as 200 or "2xx"',
  expectBody: "expectBody must be a string that each body is to contain",
  requests: "requests must be a whole number of at least 1",
  duration: 'duration must be a time from 1 millisecond to 24 days, such as "10 seconds"',
  connections: `connections must be a whole number from 1 to ${maxConnections}`,
  keepAlive: "keepAlive must be true or false",
  pipelining: "pipelining must be a whole number from 1 to 1000",
  rate: "rate must be a number of requests per second above 0, at most 10000000",
  stages:
    'stages must be an array of { duration, rate }, such as { duration: "30 seconds", rate: 100 }',
  arrivals: "arrivals must be constant or poisson",
  seed: "seed must be a whole number from 0 to 4294967295",
  pacing: "pacing must be sleeping or precise",
  threads: "threads must be a whole number from 1 to 256",
  timeout: 'timeout must be a time from 1 millisecond to 24 days, such as "10 seconds"',
  grace: 'grace must be a time from 0 to 24 days, such as "1 second"',
  warmup: 'warmup must be a time from 0 to 24 days, such as "5 seconds"',
  deadline: 'deadline must be a time from 1 millisecond to 24 days, such as "1 hour"',
  bail: "bail must be a whole number of failed requests of at least 1",
  thresholds: 'thresholds must be an array of sentences such as "p99 < 200ms"',
  socketPath: "socketPath must be the path of a unix socket",
  tls: "tls must be { insecure?, serverName?, alpn?, ca?, cert?, key?, passphrase?, sessionReuse? }",
}
