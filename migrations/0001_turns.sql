CREATE TABLE "turns" (
	"tenant" text NOT NULL,
	"id" text NOT NULL,
	"previous" text,
	"provider" text NOT NULL,
	"input" text NOT NULL,
	"response" text NOT NULL,
	"items" text[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "turns_tenant_id_pk" PRIMARY KEY("tenant","id")
);
--> statement-breakpoint
CREATE INDEX "turns_expires_at_index" ON "turns" USING btree ("expires_at");--> statement-breakpoint
CREATE INDEX "turns_items_index" ON "turns" USING gin ("items");