// What the command line asks of the program that works on files while no node uses them. It travels
// as JSON in one argument: the command line knows nothing of how data is kept, and that program
// nothing of how commands are typed.

export type OfflineOrder =
  VerifyBackupOrder | RestoreBackupOrder | InspectDataOrder | ForceNewClusterOrder;

/** Paths may be relative: both programs run in the same folder. */
export interface VerifyBackupOrder {
  readonly kind: "verify_backup";
  readonly file: string;
  readonly rootKeyFile?: string | undefined;
  /** Where the scratch data is put; the system's folder for temporary files unless given. */
  readonly scratchFolder?: string | undefined;
}

export interface RestoreBackupOrder {
  readonly kind: "restore_backup";
  readonly file: string;
  /** The configuration of the node that the data is for; says the rest. */
  readonly config?: string | undefined;
  /** Or the rest. */
  readonly dataDir?: string | undefined;
  readonly nodeId?: string | undefined;
  /** Minted unless given. */
  readonly clusterId?: string | undefined;
  readonly rootKeyFile?: string | undefined;
}

export interface InspectDataOrder {
  readonly kind: "inspect_data";
  readonly dataDirs: readonly string[];
}

export interface ForceNewClusterOrder {
  readonly kind: "force_new_cluster";
  readonly dataDir: string;
  /** Other survivors, of which none may hold more. */
  readonly peerDataDirs: readonly string[];
  /** Minted unless given. */
  readonly clusterId?: string | undefined;
  /** The old cluster's id, typed in advance; asked for unless given. */
  readonly typedClusterId?: string | undefined;
}

/** How the program ends: done, refused, mistyped. */
export const offlineExitCodes = { done: 0, refused: 1, usage: 2 } as const;
