// What must never be in the database, said as triggers: they see every change, whoever makes it and when.

import type { SqliteDriver } from "../../scheduler/store/sqlite-client.ts";

const final = "('succeeded', 'failed', 'killed', 'lost')";
const underWay = "('running', 'pausing', 'paused', 'stopping')";

const say = (text: string): string => `insert into audit (text) values (${text});`;

const triggers: readonly string[] = [
  `create trigger audit_attempt after update on attempt
   when old.state in ${final} and new.state <> old.state
   begin ${say("'attempt ' || old.workflow_instance_id || '.' || old.task_index || '#' || old.attempt || ' went from ' || old.state || ' to ' || new.state")} end`,
  `create trigger audit_attempt_back after update on attempt
   when old.state = 'running' and new.state = 'dispatched'
   begin ${say("'attempt ' || old.workflow_instance_id || '.' || old.task_index || '#' || old.attempt || ' went back to dispatched'")} end`,
  `create trigger audit_task after update on task_instance
   when new.attempt < old.attempt
   begin ${say("'task ' || old.workflow_instance_id || '.' || old.task_index || ' went from attempt ' || old.attempt || ' back to ' || new.attempt")} end`,
  `create trigger audit_task_final after update on task_instance
   when old.state in ('succeeded', 'forced_success', 'skipped', 'disabled') and new.state <> old.state
   begin ${say("'task ' || old.workflow_instance_id || '.' || old.task_index || ' went from ' || old.state || ' to ' || new.state")} end`,
  `create trigger audit_epoch after update on workflow_instance
   when new.owner_epoch < old.owner_epoch
   begin ${say("'the epoch of ' || old.id || ' went back'")} end`,
  `create trigger audit_owner after update on workflow_instance
   when new.owner is not null and old.owner is not new.owner and new.owner_epoch <= old.owner_epoch
   begin ${say("'instance ' || old.id || ' got another owner under the same epoch'")} end`,
  `create trigger audit_events after update on workflow_instance
   when new.event_seq < old.event_seq
   begin ${say("'the events of ' || old.id || ' went back'")} end`,
  // Queued runs of one workflow never run beside each other; a rerun does not queue, so the scenarios ask for none of those.
  `create trigger audit_serial after update on workflow_instance
   when new.state = 'running' and old.state in ('submitted', 'serial_wait') and new.trigger_kind in ('manual', 'schedule')
     and exists (select 1 from workflow_version v where v.workflow_id = new.workflow_id and v.version = new.version
                 and json_extract(v.definition, '$.concurrency') <> 'parallel')
     and exists (select 1 from workflow_instance o where o.workflow_id = new.workflow_id and o.id <> new.id
                 and o.trigger_kind in ('manual', 'schedule') and o.state in ${underWay})
   begin ${say("'instance ' || new.id || ' of a serial workflow started beside another'")} end`,
  `create trigger audit_pool after update on task_group_slot
   when new.granted_at is not null
     and (select count(*) from task_group_slot o where o.task_group = new.task_group and o.granted_at is not null)
         > (select size from task_group where name = new.task_group)
   begin ${say("'task group ' || new.task_group || ' gave away more slots than it has'")} end`,
  `create trigger audit_lanes after insert on workflow_instance
   when new.backfill_id is not null
     and (select count(*) from workflow_instance o where o.backfill_id = new.backfill_id
          and o.state not in ('succeeded', 'failed', 'stopped')) > (select lanes from backfill where id = new.backfill_id)
   begin ${say("'backfill ' || new.backfill_id || ' runs more dates than it has lanes'")} end`,
];

export function installAudit(database: SqliteDriver): void {
  database.exec("create table audit (text text not null)");
  for (const trigger of triggers) database.exec(trigger);
}

export const auditFindings = (database: SqliteDriver): readonly string[] =>
  database
    .prepare("select text from audit")
    .all([])
    .map((row) => String((row as { readonly text: unknown }).text)); // the column of the table above
