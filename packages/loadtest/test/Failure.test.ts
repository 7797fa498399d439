import { assert, describe, it } from "@effect/vitest"

import * as Failure from "../src/internal/engine/Failure.ts"

const error = (fields: object): Error => Object.assign(new Error("some words"), fields)

describe("a failure of a connection", () => {
  it.each<[string, unknown, Parameters<typeof Failure.ofCause>[1], Failure.Failure]>([
    [
      "nobody listens",
      error({ code: "ECONNREFUSED" }),
      "connecting",
      { class: "refused", example: "some words" },
    ],
    [
      "several addresses, at none of which somebody listens",
      new AggregateError([
        error({ code: "ECONNREFUSED", message: "a" }),
        error({ code: "ECONNREFUSED", message: "b" }),
      ]),
      "connecting",
      { class: "refused", example: "a, b" },
    ],
    [
      "no TLS there",
      error({
        code: "ERR_SSL_WRONG_VERSION_NUMBER",
        message:
          "40034709DD7F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/openssl/ssl/record.c:78:\n",
      }),
      "handshake",
      { class: "tls", example: "wrong version number" },
    ],
    [
      "no such name",
      error({ code: "ENOTFOUND", syscall: "getaddrinfo" }),
      "connecting",
      { class: "dns", example: "some words" },
    ],
    [
      "too many connections",
      error({ code: "EMFILE", syscall: "connect" }),
      "connecting",
      {
        class: "other",
        example:
          "this process may open no more files: raise ulimit -n, or use fewer connections (EMFILE)",
      },
    ],
    ["something that is no error", "boo", "open", { class: "other", example: "boo" }],
  ])("%s", (_, cause, stage, failure) => {
    assert.deepStrictEqual(Failure.ofCause(cause, stage), failure)
  })
})
