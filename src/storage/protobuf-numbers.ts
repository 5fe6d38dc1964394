// Makes 64-bit fields plain numbers. Without a Long class the codecs read and write numbers, and
// the codecs look for the class when they are loaded: this is imported ahead of them.
import protobuf from "protobufjs/minimal.js";

(protobuf.util as { Long: unknown }).Long = undefined;
protobuf.configure();
