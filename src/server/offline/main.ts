// The program that works on backups and on the data of nodes that do not run. The command line
// starts it (`holdfast backup verify`, `backup restore`, `cluster inspect`, `cluster
// force-new-cluster`) with two arguments, an order as JSON and the form of the output.
import { InvariantViolation } from "../../base/assert.ts";
import { offlineExitCodes, type OfflineOrder } from "../../base/offline-order.ts";
import { exitCodeFor } from "../exit.ts";
import { inspectData } from "./data-report.ts";
import { forceCluster } from "./force-new-cluster.ts";
import { OfflineRefusal, reportJson, reportText, type Report } from "./report.ts";
import { restoreBackup } from "./restore-backup.ts";
import { verifyBackup } from "./verify-backup.ts";
import { DataAtRestError } from "../../storage/data-at-rest.ts";

function carryOut(order: OfflineOrder): Promise<Report> {
  switch (order.kind) {
    case "verify_backup":
      return verifyBackup(order);
    case "restore_backup":
      return restoreBackup(order);
    case "inspect_data":
      return inspectData(order);
    case "force_new_cluster":
      return forceCluster(order);
  }
}

/** Whether a person can do something about it: then its sentence is all they need. */
function isForPeople(error: unknown): error is Error {
  if (error instanceof OfflineRefusal || error instanceof DataAtRestError) return true;
  const isSystemError = error instanceof Error && "syscall" in error;
  return isSystemError || (!(error instanceof InvariantViolation) && exitCodeFor(error) !== 70);
}

const [, , order = "", form = "table"] = process.argv;
try {
  const report = await carryOut(JSON.parse(order) as OfflineOrder);
  process.stdout.write(form === "json" ? reportJson(report) : reportText(report));
} catch (error) {
  if (!isForPeople(error)) throw error;
  process.stderr.write(`${error.message.replace(/\.$/, "")}\n`);
  process.exitCode = offlineExitCodes.refused;
}
