/* SPDX-License-Identifier: ISC */

/*
 * serve and once -- the daemon: makes the rooms bottom-up, joins them, runs
 * the loop, and takes them down in reverse.  `once` is the same code with one
 * pass and an end.
 */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alert/alert.h"
#include "base/emit.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/control.h"
#include "cli/notify.h"
#include "cli/print.h"
#include "config/config.h"
#include "http/http.h"
#include "loop/loop.h"
#include "monitor/monitor.h"
#include "store/commit.h"
#include "store/read.h"
#include "store/store.h"

enum {
	DRAIN_MAX_S = 8,     /* then what is open is left to the next start */
	ONCE_DELIVER_S = 30, /* one attempt per alert */
	ONCE_CONNECT_S = 10, /* for the database to be there */
	ONCE_AWAY_S = 30,    /* and to come back */
	MASS_AFTER_S = 5,  /* a SIGHUP in this window after a refused reload */
	MASS_UNTIL_S = 60, /* lets it drop what it would drop */
	OLD_CONFIGS = 8    /* kept for what still borrows from them */
};

enum { OPT_CONFIG, OPT_JSON };

static const struct cli_option options[] = {
    [OPT_CONFIG] = CLI_OPTION_CONFIG,
    [OPT_JSON] = CLI_OPTION_JSON,
    {NULL, NULL, NULL},
};

static const struct cli_spec serve_spec = {
    .name = "serve",
    .operands = "",
    .about = "Watches until it is told to stop, in the foreground; prints a "
	     "line per decision.\nSIGHUP reloads, SIGTERM finishes what is "
	     "open, a second SIGTERM stops at once.\nExit status: 0 stopped "
	     "as asked, 1 failed.",
    .options = options,
};

static const struct cli_spec once_spec = {
    .name = "once",
    .operands = "",
    .about = "Asks every watched question once, decides and commits what "
	     "differs, tries each\nalert once and prints the changes.\nExit "
	     "status: 0 no change, 1 some, 2 trouble (no database, or no "
	     "answer at all).",
    .options = options,
};

struct service {
	const struct cli_spec *spec;
	const char *config_path;
	bool json;
	bool once;
	struct loop *loop;
	struct config *config;
	struct config *next; /* of the reload that is going on */
	bool hup_again;      /* another was asked for meanwhile */
	struct config *old[OLD_CONFIGS];
	size_t n_old;
	struct store *store;
	struct monitor *monitor;
	struct http *http;
	struct alert *alert;
	struct control *control;
	struct loop_signal *signals[3];
	struct loop_timer
	    *timer; /* the bound of what goes on: connect, drain */
	struct print out;
	wall_us since;
	int64_t first_seq; /* `once`: the log's end before it began */
	bool was_ready;
	bool notified;   /* the service manager knows that we are up */
	bool delivering; /* `once`: only deliveries are left */
	bool stopping;
	uint64_t n_changes; /* above info */
	int status;
};

/* ---- what the rooms tell ---- */

static void
stop(struct service *s, int status)
{
	if (s->status == CLI_OK)
		s->status = status;
	loop_stop(s->loop);
}

static void
on_line(void *ctx, const struct monitor_line *line)
{
	struct service *s = ctx;
	struct buf text = {0};

	if (line->is_change && line->severity > SEVERITY_INFO)
		s->n_changes++;
	if (s->once)
		return; /* printed at the end, from the log */
	if (!s->json)
		print_entry(&text, false, line->seq, line->class_, line->json);
	else if (line->seq != 0)
		print_entry_json(
		    &text, false, line->seq, line->class_, line->json);
	else
		buf_add_text(&text, line->json);
	print_line(&s->out, &text);
	print_flush(&s->out);
	buf_fini(&text);
}

static void
on_outbox(void *ctx)
{
	struct service *s = ctx;

	alert_poke(s->alert);
}

static void
on_fatal(void *ctx, const char *why)
{
	struct service *s = ctx;

	cli_say(s->spec, "%s", why);
	stop(s, s->once ? CLI_TROUBLE : CLI_FAILED);
}

static void
on_deliver_check(struct service *s)
{
	if (s->delivering && alert_is_idle(s->alert))
		stop(s, CLI_OK);
	else
		loop_timer_in(s->timer, MONO_MS(20));
}

static void
on_done(void *ctx)
{
	struct service *s = ctx;

	if (!s->once || s->stopping) {
		stop(s, CLI_OK);
		return;
	}
	s->delivering = true;
	s->since = loop_wall(s->loop);
	alert_poke(s->alert);
	loop_timer_in(s->timer, MONO_MS(20));
}

static void
on_store_state(void *ctx, enum store_state state, const char *why)
{
	struct service *s = ctx;

	if (state == STORE_READY) {
		if (s->once && !s->delivering)
			loop_timer_stop(s->timer);
		log_info(s->was_ready ? "store: the database is back"
				      : "store: ready");
		s->was_ready = true;
	} else if (state == STORE_DOWN && s->once && !s->was_ready) {
		on_fatal(s, why);
		return;
	} else if (state == STORE_DOWN && s->once && !s->delivering) {
		loop_timer_in(s->timer, MONO_S(ONCE_AWAY_S));
	}
	if (!s->notified && (state == STORE_READY || state == STORE_DOWN)) {
		s->notified = true;
		notify_say("READY=1");
	}
	monitor_store_state(s->monitor, state, why);
	if (state == STORE_READY)
		alert_poke(s->alert);
}

/* The timer's one meaning at a time: `once` waits, or a drain runs out. */
static void
on_timer(void *ctx)
{
	struct service *s = ctx;

	if (s->delivering &&
	    loop_wall(s->loop) < s->since + WALL_S(ONCE_DELIVER_S)) {
		on_deliver_check(s);
	} else if (s->delivering) {
		log_warn("alert: some deliveries did not end in %d s; the "
			 "daemon will try them",
		    ONCE_DELIVER_S);
		stop(s, CLI_OK);
	} else if (s->stopping) {
		log_warn("stopping with work open; the next start goes on");
		stop(s, CLI_OK);
	} else {
		on_fatal(s, store_why(s->store));
	}
}

/* ---- signals ---- */

static void
on_term(void *ctx)
{
	struct service *s = ctx;

	if (s->stopping || !s->was_ready) {
		stop(s, CLI_OK);
		return;
	}
	notify_say("STOPPING=1");
	s->stopping = true;
	s->delivering = false;
	log_info("stopping: finishing what is open, at most %d s", DRAIN_MAX_S);
	loop_timer_in(s->timer, MONO_S(DRAIN_MAX_S));
	monitor_drain(s->monitor);
}

static void
log_problems(const struct diag *d)
{
	char line[LOG_LINE_MAX];

	for (size_t i = 0; i < d->n_items; i++)
		log_warn(
		    "config: %s", diag_print(&d->items[i], line, sizeof(line)));
}

static void
retire(struct service *s, struct config *old)
{
	if (s->n_old == OLD_CONFIGS) {
		config_free(s->old[0]);
		memmove(
		    s->old, s->old + 1, (OLD_CONFIGS - 1) * sizeof(s->old[0]));
		s->n_old--;
	}
	s->old[s->n_old++] = old;
}

static void
on_hup(void *ctx)
{
	struct service *s = ctx;
	struct diag d = {0};
	wall_us refused = monitor_reload_refused(s->monitor);
	wall_us now = loop_wall(s->loop);
	bool mass = refused != 0 && now >= refused + WALL_S(MASS_AFTER_S) &&
	            now <= refused + WALL_S(MASS_UNTIL_S);

	if (s->next != NULL) {
		log_info("config: a reload is going on; the next follows it");
		s->hup_again = true;
		return;
	}
	s->next = config_load(s->config->path, &d);
	log_problems(&d);
	diag_fini(&d);
	if (s->next == NULL) {
		log_error("config: refused; the old one stays in force");
		return;
	}
	if (strcmp(s->next->database, s->config->database) != 0)
		log_warn("config: another database takes effect at the next "
			 "start only");
	log_info("config: reloading %s", s->next->path);
	if (monitor_reload(s->monitor, s->next, mass))
		return;
	log_error("config: memory is short; the old one stays in force");
	config_free(s->next);
	s->next = NULL;
}

/* All parts change over together, or none does. */
static void
on_reloaded(void *ctx, const struct config *config, bool taken)
{
	struct service *s = ctx;

	if (taken) {
		alert_config(s->alert, config);
		store_retention(s->store, config->retention_days);
		retire(s, s->config);
		s->config = s->next;
	} else {
		config_free(s->next);
	}
	s->next = NULL;
	if (s->hup_again) {
		s->hup_again = false;
		on_hup(s);
	}
}

/* ---- status ---- */

static void
status_store(struct service *s, struct emit *j)
{
	static const char *const states[] = {
	    "connecting", "ready", "down", "refused", "fenced"};
	struct store_numbers n = store_numbers(s->store);

	emit_object(j, "database");
	emit_text(j, "state", states[store_state_now(s->store)]);
	emit_text(j, "why", store_why(s->store));
	emit_int(j, "batches", (int64_t)n.batches);
	emit_int(j, "items", (int64_t)n.items);
	emit_int(j, "items_waiting", (int64_t)n.items_waiting);
	emit_int(j, "bytes_waiting", (int64_t)n.bytes_waiting);
	emit_int(j, "waiting_ms", n.waiting / MONO_MS(1));
	emit_int(j, "reconnects", (int64_t)n.reconnects);
	emit_int(j, "unknown_commits", (int64_t)n.unknown_commits);
	emit_int(j, "resolved_committed", (int64_t)n.resolved_committed);
	emit_int(j, "resolved_rolled_back", (int64_t)n.resolved_rolled_back);
	emit_int(
	    j, "default_partition_rows", (int64_t)n.default_partition_rows);
	emit_int(j, "commit_us", n.commit_us);
	emit_object_end(j);
}

static void
status_sinks(struct service *s, struct emit *j)
{
	size_t n = alert_n_sinks(s->alert);

	emit_array(j, "sinks");
	for (size_t i = 0; i < n; i++) {
		struct alert_sink_status k = alert_sink_status(s->alert, i);

		emit_object(j, NULL);
		emit_text(j, "sink", k.name);
		emit_int(j, "delivered", (int64_t)k.delivered);
		emit_int(j, "failed_attempts", (int64_t)k.failed_attempts);
		emit_int(j, "waiting", (int64_t)k.waiting);
		emit_int(j, "held", (int64_t)k.held);
		emit_int(j, "dead", (int64_t)k.dead);
		emit_wall(j, "oldest_waiting", k.oldest_waiting);
		emit_int(j, "last_status", k.last_status);
		emit_text(j, "last_error", k.last_error);
		emit_object_end(j);
	}
	emit_array_end(j);
}

static bool
is_datagram_socket(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
	       type == SOCK_DGRAM;
}

/* Of the process as the system sees it; 0: it does not say. */
static void
status_process(struct emit *j)
{
	FILE *f = fopen("/proc/self/statm", "re");
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *entry;
	long long pages = 0;
	int64_t n = 0;
	int64_t n_datagram = 0;

	if (f != NULL && fscanf(f, "%*d %lld", &pages) != 1)
		pages = 0;
	if (f != NULL)
		fclose(f);
	while (d != NULL && (entry = readdir(d)) != NULL) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] == '.' || fd == dirfd(d))
			continue;
		n++;
		n_datagram += is_datagram_socket(fd);
	}
	if (d != NULL)
		closedir(d);
	emit_object(j, "process");
	emit_int(j, "rss_bytes", pages * sysconf(_SC_PAGESIZE));
	emit_int(j, "descriptors", n);
	emit_int(j, "datagram_sockets", n_datagram);
	emit_object_end(j);
}

static void
on_status(void *ctx, struct buf *out)
{
	struct service *s = ctx;
	bool ready = monitor_is_ready(s->monitor) &&
	             store_state_now(s->store) == STORE_READY;
	struct emit j;

	emit_start(&j, out);
	emit_object(&j, NULL);
	emit_text(&j, "state",
	    s->stopping ? "stopping"
	    : ready     ? "ready"
			: "not ready");
	emit_text(&j, "version", DNSVIGIL_VERSION);
	emit_int(&j, "pid", getpid());
	emit_wall(&j, "since", s->since);
	emit_int(&j, "log_lines_lost", (int64_t)log_lost());
	status_process(&j);
	status_store(s, &j);
	monitor_status(s->monitor, &j);
	status_sinks(s, &j);
	emit_object_end(&j);
}

/* ---- making and taking down ---- */

/* Sockets are many: the soft limit goes up to the hard one. */
static void
raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			log_warn("limits: files stay at the soft limit");
	}
	/* Webhook secrets are in memory. */
	prctl(PR_SET_DUMPABLE, 0);
}

static int
make_watching(struct service *s)
{
	struct resolver_limits limits = resolver_limits_default();
	struct monitor_setup setup = {
	    .loop = s->loop,
	    .store = s->store,
	    .config = s->config,
	    .limits = &limits,
	    .once = s->once,
	};
	struct monitor_hooks hooks = {
	    on_line, on_outbox, on_done, on_fatal, on_reloaded, s};
	struct diag d = {0};
	int err;

	s->monitor = monitor_new(&setup, &hooks);
	if (s->monitor == NULL)
		return -ENOMEM;
	err = monitor_watch(s->monitor, &d);
	log_problems(&d);
	if (d.n_errors > 0)
		log_warn("config: %zu problems in watchlists; the rest is "
			 "watched",
		    d.n_errors);
	diag_fini(&d);
	return err;
}

static int
make(struct service *s)
{
	int err;

	s->loop = loop_new();
	if (s->loop == NULL)
		return -ENOMEM;
	s->since = loop_wall(s->loop);
	s->store = store_new(s->loop, s->config->database, on_store_state, s);
	s->http = http_new(s->loop);
	if (s->store == NULL || s->http == NULL)
		return -ENOMEM;
	s->alert = alert_new(s->loop, s->store, s->http, s->config, s->once);
	s->timer = loop_timer_new(s->loop, on_timer, s);
	if (s->alert == NULL || s->timer == NULL)
		return -ENOMEM;
	store_retention(s->store, s->config->retention_days);
	err = make_watching(s);
	if (err != 0)
		return err;
	s->signals[0] = loop_signal_new(s->loop, SIGTERM, on_term, s);
	s->signals[1] = loop_signal_new(s->loop, SIGINT, on_term, s);
	if (s->once) {
		loop_timer_in(s->timer, MONO_S(ONCE_CONNECT_S));
	} else {
		s->signals[2] = loop_signal_new(s->loop, SIGHUP, on_hup, s);
		s->control =
		    control_new(s->loop, s->config->database, on_status, s);
	}
	return 0;
}

static void
unmake(struct service *s)
{
	control_free(s->control);
	for (size_t i = 0; i < 3; i++)
		loop_signal_free(s->signals[i]);
	loop_timer_free(s->timer);
	/* What calls back goes before what is called back, but for alert,
	 * which lets go of what it has open at both. */
	alert_free(s->alert);
	http_free(s->http);
	store_free(s->store);
	monitor_free(s->monitor);
	loop_free(s->loop);
	for (size_t i = 0; i < s->n_old; i++)
		config_free(s->old[i]);
	config_free(s->next);
	config_free(s->config);
}

/* ---- `once`: what it found, as the log has it ---- */

static void
on_entry(void *ctx, int64_t seq, const char *class_, const char *body)
{
	struct service *s = ctx;
	struct buf line = {0};

	if (s->json)
		print_entry_json(&line, false, seq, class_, body);
	else
		print_entry(&line, false, seq, class_, body);
	print_line(&s->out, &line);
	buf_fini(&line);
}

/* The log's end before `once` begins; false: no usable database, told. */
static bool
look_at_log(struct service *s, int64_t after, int64_t *last)
{
	struct read_changes all = {.after_seq = after};
	struct reader *r = NULL;
	char why[256] = "";
	int err = reader_open(s->config->database, &r, why, sizeof(why));

	if (err == 0) {
		err = last != NULL ? read_last_seq(r, last)
		                   : read_changes(r, &all, on_entry, s);
		if (err != 0)
			cli_say(s->spec, "%s", reader_why(r));
		reader_close(r);
	} else {
		cli_say(s->spec, "%s", why);
	}
	return err == 0;
}

static void
tell_once(struct service *s)
{
	struct monitor_progress p = monitor_progress(s->monitor);

	if (s->status != CLI_OK)
		return;
	if (!look_at_log(s, s->first_seq, NULL)) {
		s->status = CLI_TROUBLE;
	} else if (p.questions > 0 && p.answered == 0) {
		cli_say(s->spec, "no answer at all to %llu questions",
		    (unsigned long long)p.asked);
		s->status = CLI_TROUBLE;
	} else {
		log_info(
		    "once: %llu questions asked, %llu answered, %llu changes",
		    (unsigned long long)p.asked, (unsigned long long)p.answered,
		    (unsigned long long)s->n_changes);
		s->status = s->n_changes > 0 ? CLI_DIFFERS : CLI_OK;
	}
}

static int
run(struct service *s)
{
	int err;

	s->config = cli_config(s->spec, s->config_path);
	if (s->config == NULL)
		return CLI_CONFIG;
	raise_limits();
	if (s->once && !look_at_log(s, 0, &s->first_seq)) {
		config_free(s->config);
		return CLI_TROUBLE;
	}
	err = make(s);
	if (err == 0) {
		store_start(s->store);
		loop_run(s->loop);
		if (s->once)
			tell_once(s);
	} else {
		cli_say(s->spec, "cannot start: %s", err_text(err));
		s->status = s->once ? CLI_TROUBLE : CLI_FAILED;
	}
	unmake(s);
	if (print_end(&s->out))
		return s->status;
	/* The 1 of `once` says "some changes". */
	return s->once ? CLI_TROUBLE : CLI_FAILED;
}

static int
command(const struct cli_spec *spec, bool once, int argc, char **argv)
{
	struct service s = {.spec = spec, .once = once};
	struct cli_args args;
	int arg;

	cli_args_init(&args, spec, argc, argv);
	while ((arg = cli_next(&args)) >= 0) {
		if (arg == OPT_CONFIG)
			s.config_path = args.value;
		else if (arg == OPT_JSON)
			s.json = true;
	}
	if (arg != CLI_ARG_END)
		return cli_end(&args, arg);
	print_init(&s.out, stdout);
	return run(&s);
}

int
cmd_serve(int argc, char **argv)
{
	return command(&serve_spec, false, argc, argv);
}

int
cmd_once(int argc, char **argv)
{
	return command(&once_spec, true, argc, argv);
}
