import { describeConformance } from "./over-one-face.ts";

describeConformance("what AWS documents and what was recorded of it, over gRPC", "grpc");
