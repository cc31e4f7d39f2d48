// Written by `npm run rooms` from the folders beside it: do not edit.
import type { Action } from '@/lib/kit/action';
import type { Diagnostic } from '@/lib/kit/diagnostic';
import type { Room } from '@/lib/kit/room';
import { room as assessmentsRoom } from './assessments/room';
import { room as authRoom } from './auth/room';
import { room as configRoom } from './config/room';
import { advice as configAdvice } from './config/advice.diagnostic';
import { capabilities as configCapabilities } from './config/capabilities.diagnostic';
import { settings as configSettings } from './config/settings.diagnostic';
import { extension as configExtensionAction } from './config/extension.action';
import { reset as configResetAction } from './config/reset.action';
import { set as configSetAction } from './config/set.action';
import { room as indexesRoom } from './indexes/room';
import { advice as indexesAdvice } from './indexes/advice.diagnostic';
import { bloat as indexesBloat } from './indexes/bloat.diagnostic';
import { dropRehearsal as indexesDropRehearsal } from './indexes/drop-rehearsal.diagnostic';
import { hot as indexesHot } from './indexes/hot.diagnostic';
import { invalid as indexesInvalid } from './indexes/invalid.diagnostic';
import { lowUse as indexesLowUse } from './indexes/low-use.diagnostic';
import { missingFk as indexesMissingFk } from './indexes/missing-fk.diagnostic';
import { nullKeys as indexesNullKeys } from './indexes/null-keys.diagnostic';
import { partitionGaps as indexesPartitionGaps } from './indexes/partition-gaps.diagnostic';
import { redundant as indexesRedundant } from './indexes/redundant.diagnostic';
import { unused as indexesUnused } from './indexes/unused.diagnostic';
import { usage as indexesUsage } from './indexes/usage.diagnostic';
import { create as indexesCreateAction } from './indexes/create.action';
import { dropInvalid as indexesDropInvalidAction } from './indexes/drop-invalid.action';
import { drop as indexesDropAction } from './indexes/drop.action';
import { reindex as indexesReindexAction } from './indexes/reindex.action';
import { room as jobsRoom } from './jobs/room';
import { room as locksRoom } from './locks/room';
import { activity as locksActivity } from './locks/activity.diagnostic';
import { blocking as locksBlocking } from './locks/blocking.diagnostic';
import { deadlocks as locksDeadlocks } from './locks/deadlocks.diagnostic';
import { longTransactions as locksLongTransactions } from './locks/long-transactions.diagnostic';
import { prepared as locksPrepared } from './locks/prepared.diagnostic';
import { waits as locksWaits } from './locks/waits.diagnostic';
import { cancel as locksCancelAction } from './locks/cancel.action';
import { terminate as locksTerminateAction } from './locks/terminate.action';
import { room as maintenanceRoom } from './maintenance/room';
import { room as partitionsRoom } from './partitions/room';
import { archive as partitionsArchive } from './partitions/archive.diagnostic';
import { defaultRows as partitionsDefaultRows } from './partitions/default-rows.diagnostic';
import { detached as partitionsDetached } from './partitions/detached.diagnostic';
import { exports as partitionsExports } from './partitions/exports.diagnostic';
import { foreign as partitionsForeign } from './partitions/foreign.diagnostic';
import { hashBalance as partitionsHashBalance } from './partitions/hash-balance.diagnostic';
import { list as partitionsList } from './partitions/list.diagnostic';
import { pruning as partitionsPruning } from './partitions/pruning.diagnostic';
import { runway as partitionsRunway } from './partitions/runway.diagnostic';
import { tables as partitionsTables } from './partitions/tables.diagnostic';
import { timeline as partitionsTimeline } from './partitions/timeline.diagnostic';
import { archive as partitionsArchiveAction } from './partitions/archive.action';
import { attach as partitionsAttachAction } from './partitions/attach.action';
import { create as partitionsCreateAction } from './partitions/create.action';
import { detach as partitionsDetachAction } from './partitions/detach.action';
import { exportPartition as partitionsExportPartitionAction } from './partitions/export-partition.action';
import { importPartition as partitionsImportPartitionAction } from './partitions/import-partition.action';
import { partitionTable as partitionsPartitionTableAction } from './partitions/partition-table.action';
import { rescueDefault as partitionsRescueDefaultAction } from './partitions/rescue-default.action';
import { restore as partitionsRestoreAction } from './partitions/restore.action';
import { room as plansRoom } from './plans/room';
import { room as poolRoom } from './pool/room';
import { app as poolApp } from './pool/app.diagnostic';
import { pgbouncerClients as poolPgbouncerClients } from './pool/pgbouncer-clients.diagnostic';
import { pgbouncerConfig as poolPgbouncerConfig } from './pool/pgbouncer-config.diagnostic';
import { pgbouncerDatabases as poolPgbouncerDatabases } from './pool/pgbouncer-databases.diagnostic';
import { pgbouncerPools as poolPgbouncerPools } from './pool/pgbouncer-pools.diagnostic';
import { pgbouncerServers as poolPgbouncerServers } from './pool/pgbouncer-servers.diagnostic';
import { pgbouncerStats as poolPgbouncerStats } from './pool/pgbouncer-stats.diagnostic';
import { server as poolServer } from './pool/server.diagnostic';
import { sizing as poolSizing } from './pool/sizing.diagnostic';
import { room as queriesRoom } from './queries/room';
import { antipatterns as queriesAntipatterns } from './queries/antipatterns.diagnostic';
import { calls as queriesCalls } from './queries/calls.diagnostic';
import { io as queriesIo } from './queries/io.diagnostic';
import { n_plus_one as queriesN_plus_one } from './queries/n_plus_one.diagnostic';
import { route_statements as queriesRoute_statements } from './queries/route_statements.diagnostic';
import { routes as queriesRoutes } from './queries/routes.diagnostic';
import { running as queriesRunning } from './queries/running.diagnostic';
import { slow as queriesSlow } from './queries/slow.diagnostic';
import { statement as queriesStatement } from './queries/statement.diagnostic';
import { statement_tables as queriesStatement_tables } from './queries/statement_tables.diagnostic';
import { temp as queriesTemp } from './queries/temp.diagnostic';
import { total as queriesTotal } from './queries/total.diagnostic';
import { trend as queriesTrend } from './queries/trend.diagnostic';
import { resetStatement as queriesResetStatementAction } from './queries/reset-statement.action';
import { resetStatistics as queriesResetStatisticsAction } from './queries/reset-statistics.action';
import { room as replicationRoom } from './replication/room';
import { archiver as replicationArchiver } from './replication/archiver.diagnostic';
import { replicas as replicationReplicas } from './replication/replicas.diagnostic';
import { slots as replicationSlots } from './replication/slots.diagnostic';
import { standby as replicationStandby } from './replication/standby.diagnostic';
import { dropSlot as replicationDropSlotAction } from './replication/drop-slot.action';
import { room as tablesRoom } from './tables/room';
import { bloatExact as tablesBloatExact } from './tables/bloat-exact.diagnostic';
import { bloat as tablesBloat } from './tables/bloat.diagnostic';
import { freeze as tablesFreeze } from './tables/freeze.diagnostic';
import { growth as tablesGrowth } from './tables/growth.diagnostic';
import { horizon as tablesHorizon } from './tables/horizon.diagnostic';
import { hygiene as tablesHygiene } from './tables/hygiene.diagnostic';
import { sequences as tablesSequences } from './tables/sequences.diagnostic';
import { size as tablesSize } from './tables/size.diagnostic';
import { staleStatistics as tablesStaleStatistics } from './tables/stale-statistics.diagnostic';
import { vacuum as tablesVacuum } from './tables/vacuum.diagnostic';
import { analyze as tablesAnalyzeAction } from './tables/analyze.action';
import { reindex as tablesReindexAction } from './tables/reindex.action';
import { sequence as tablesSequenceAction } from './tables/sequence.action';
import { storage as tablesStorageAction } from './tables/storage.action';
import { vacuumFull as tablesVacuumFullAction } from './tables/vacuum-full.action';
import { vacuum as tablesVacuumAction } from './tables/vacuum.action';
import { room as targetsRoom } from './targets/room';

export const declared: { room: Room; diagnostics: Diagnostic[]; actions: Action[] }[] = [
  { room: assessmentsRoom, diagnostics: [], actions: [] },
  { room: authRoom, diagnostics: [], actions: [] },
  { room: configRoom, diagnostics: [configAdvice, configCapabilities, configSettings], actions: [configExtensionAction, configResetAction, configSetAction] },
  { room: indexesRoom, diagnostics: [indexesAdvice, indexesBloat, indexesDropRehearsal, indexesHot, indexesInvalid, indexesLowUse, indexesMissingFk, indexesNullKeys, indexesPartitionGaps, indexesRedundant, indexesUnused, indexesUsage], actions: [indexesCreateAction, indexesDropInvalidAction, indexesDropAction, indexesReindexAction] },
  { room: jobsRoom, diagnostics: [], actions: [] },
  { room: locksRoom, diagnostics: [locksActivity, locksBlocking, locksDeadlocks, locksLongTransactions, locksPrepared, locksWaits], actions: [locksCancelAction, locksTerminateAction] },
  { room: maintenanceRoom, diagnostics: [], actions: [] },
  { room: partitionsRoom, diagnostics: [partitionsArchive, partitionsDefaultRows, partitionsDetached, partitionsExports, partitionsForeign, partitionsHashBalance, partitionsList, partitionsPruning, partitionsRunway, partitionsTables, partitionsTimeline], actions: [partitionsArchiveAction, partitionsAttachAction, partitionsCreateAction, partitionsDetachAction, partitionsExportPartitionAction, partitionsImportPartitionAction, partitionsPartitionTableAction, partitionsRescueDefaultAction, partitionsRestoreAction] },
  { room: plansRoom, diagnostics: [], actions: [] },
  { room: poolRoom, diagnostics: [poolApp, poolPgbouncerClients, poolPgbouncerConfig, poolPgbouncerDatabases, poolPgbouncerPools, poolPgbouncerServers, poolPgbouncerStats, poolServer, poolSizing], actions: [] },
  { room: queriesRoom, diagnostics: [queriesAntipatterns, queriesCalls, queriesIo, queriesN_plus_one, queriesRoute_statements, queriesRoutes, queriesRunning, queriesSlow, queriesStatement, queriesStatement_tables, queriesTemp, queriesTotal, queriesTrend], actions: [queriesResetStatementAction, queriesResetStatisticsAction] },
  { room: replicationRoom, diagnostics: [replicationArchiver, replicationReplicas, replicationSlots, replicationStandby], actions: [replicationDropSlotAction] },
  { room: tablesRoom, diagnostics: [tablesBloatExact, tablesBloat, tablesFreeze, tablesGrowth, tablesHorizon, tablesHygiene, tablesSequences, tablesSize, tablesStaleStatistics, tablesVacuum], actions: [tablesAnalyzeAction, tablesReindexAction, tablesSequenceAction, tablesStorageAction, tablesVacuumFullAction, tablesVacuumAction] },
  { room: targetsRoom, diagnostics: [], actions: [] },
];
