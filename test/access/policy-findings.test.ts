import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { findingsOn } from "../../src/access/policy-findings.ts";
import { policyText, statement } from "./example-policy.ts";

const author = {
  caller: { arn: "arn:aws:iam::000000000000:user/alice", account: "000000000000" },
  resource: undefined,
};

describe("the findings on a policy", () => {
  it("are none for a sound one", () => {
    assert.deepEqual(findingsOn(policyText(statement()), author), []);
  });

  it("name the check and the place, of broad access and of being locked out alike", () => {
    const text = policyText(
      statement({ Principal: "*" }),
      statement({ Effect: "Deny", Principal: "*", Action: "*" }),
    );

    assert.deepEqual(findingsOn(text, author), [
      {
        check: "BroadAccess",
        sentence:
          "This resource policy grants broad access to your secret. At Statement[0]: it allows " +
          "anyone, and no condition limits that to callers that are named.",
      },
      {
        check: "LockOut",
        sentence:
          "This resource policy would lock you out of the secret. At Statement[1]: it denies you " +
          "to put or to delete the policy.",
      },
    ]);
  });

  it("of a malformed policy are its problems alone", () => {
    const text = policyText(statement({ Principal: "*" }), statement({ Effect: "yes" }));

    assert.deepEqual(
      findingsOn(text, author).map(({ check }) => check),
      ["Syntax"],
    );
  });

  it("tell each kind of problem by its own check", () => {
    const wrong = (Principal: object) => findingsOn(policyText(statement({ Principal })), author);

    assert.deepEqual(
      [wrong({ AWS: "nobody" }), wrong({ Service: "nothing" })].flat().map(({ check }) => check),
      ["UnsupportedPrincipal", "InvalidServicePrincipal"],
    );
  });

  it("say how many more problems there are than they name", () => {
    const last = (count: number) =>
      findingsOn(JSON.stringify({ Statement: Array(count).fill(7) }), author).at(-1)?.sentence;

    assert.equal(last(12), "It is wrong in 2 more places.");
    assert.equal(last(11), "It is wrong in 1 more place.");
    assert.match(last(10) ?? "", /At Statement\[9\]: an object is expected\.$/);
  });
});
