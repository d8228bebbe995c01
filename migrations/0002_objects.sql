CREATE TABLE "objects" (
	"provider" text NOT NULL,
	"id" text NOT NULL,
	"tenant" text NOT NULL,
	"kind" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "objects_provider_id_pk" PRIMARY KEY("provider","id")
);
--> statement-breakpoint
CREATE INDEX "objects_tenant_id_index" ON "objects" USING btree ("tenant","id");