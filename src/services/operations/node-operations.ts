// What the nodes of a region ask of its leader by themselves. No public wire has them, and no
// principal but a node may call them.
import { noteAccessesMax } from "../../secrets/commands/note-accesses.ts";
import { longSecretName, secretArn, versionId } from "./member-shapes.ts";
import { operation } from "./operation.ts";
import { integer, listOf, required, structure } from "./shape.ts";

const noteAccesses = operation(
  "lead",
  {
    day: required(integer({ min: 0 })),
    reads: required(
      listOf(
        structure({
          name: required(longSecretName),
          arn: required(secretArn),
          versionIds: required(listOf(versionId, { min: 1 })),
        }),
        { min: 1, max: noteAccessesMax },
      ),
    ),
  },
  {},
);

export const nodeOperations = { NoteAccesses: noteAccesses } as const;
