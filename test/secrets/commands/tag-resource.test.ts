import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { tagResource, type TagResource } from "../../../src/secrets/commands/tag-resource.ts";
import type { Tag } from "../../../src/secrets/secret.ts";
import { deletion, limits, noon, otherArn, secretIn, target } from "../example-secret.ts";
import { accepted, assertWritesNothing, step, successor } from "../outcome-checks.ts";

function tags(text: string): readonly Tag[] {
  return text.split(" ").map((pair) => {
    const [key = "", value = ""] = pair.split("=");
    return { key, value };
  });
}

function tag(text: string, limit = 50): TagResource {
  return { kind: "tag_resource", ...target, tags: tags(text), limits: { ...limits, tags: limit } };
}

describe("tagResource", () => {
  it("adds tags behind those there are, and moves the time of change", () => {
    const outcome = tagResource(secretIn("", { tags: tags("b=1") }), tag("a=2 c=3"), noon);

    assert.deepEqual(successor(outcome).tags, tags("b=1 a=2 c=3"));
    assert.equal(successor(outcome).changedAt, noon);
    assert.deepEqual(accepted(outcome).reply, target);
  });

  it("gives a known key its new value in its old place", () => {
    const outcome = tagResource(secretIn("", { tags: tags("b=1 a=2") }), tag("b=9"), noon);

    assert.deepEqual(successor(outcome).tags, tags("b=9 a=2"));
  });

  it("keeps a key once, with the last value of a request", () => {
    assert.deepEqual(
      successor(tagResource(secretIn(""), tag("a=1 b=2 a=3"), noon)).tags,
      tags("a=3 b=2"),
    );
  });

  it("tells keys by case", () => {
    assert.deepEqual(successor(tagResource(secretIn(""), tag("a=1 A=2"), noon)).tags?.length, 2);
  });

  it("writes nothing when there is nothing to add", () => {
    const tagged = secretIn("", { tags: tags("a=1") });
    const bare = secretIn("");

    assertWritesNothing(tagResource(tagged, tag("a=1"), noon), tagged);
    assertWritesNothing(tagResource(bare, { ...tag("a=1"), tags: [] }, noon), bare);
  });

  it("refuses the prefix that AWS keeps to itself, in any case", () => {
    for (const key of ["aws:x", "AWS:x", "Aws:"]) {
      assert.deepEqual(tagResource(secretIn(""), tag(`a=1 ${key}=2`), noon), {
        ok: false,
        refusal: { code: "reserved_tag_key", facts: { key } },
      });
    }
    assert.equal(step(tagResource(secretIn(""), tag("awsx=1 xaws:=2"), noon)), "accepted");
  });

  it("lets a secret that is over a lowered limit change the tags it has", () => {
    const before = secretIn("", { tags: tags("a=1 b=2 c=3") });

    assert.equal(step(tagResource(before, tag("a=9", 1), noon)), "accepted");
    assert.equal(step(tagResource(before, tag("d=9", 1), noon)), "too_many_tags");
  });

  it("meets its checks in order", () => {
    const rungs = [
      ["secret_not_found", undefined, tag("aws:a=1 b=2", 1)],
      ["secret_not_found", secretIn("", { arn: otherArn }), tag("aws:a=1 b=2", 1)],
      ["secret_deleted", secretIn("", { deletion }), tag("aws:a=1 b=2", 1)],
      ["reserved_tag_key", secretIn(""), tag("aws:a=1 b=2", 1)],
      ["too_many_tags", secretIn(""), tag("a=1 b=2", 1)],
      ["accepted", secretIn(""), tag("a=1 b=2", 2)],
    ] as const;

    for (const [expected, secret, command] of rungs) {
      assert.equal(step(tagResource(secret, command, noon)), expected);
    }
  });
});
