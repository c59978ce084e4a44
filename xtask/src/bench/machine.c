/* What `cargo xtask bench machine` holds `ovl-inspect snapshot` against: for each
 * file under /run/netns it enters that namespace, opens a socket there, and reads
 * all links, addresses, neighbours and routes. It keeps nothing of them and prints
 * how many messages there were: the least that has to be asked of the kernel.
 *
 * machine [THREADS]: one thread when none is said. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FOLDER "/run/netns"
#define BUFFER (64 * 1024)

static struct dirent **names;
static int count, next_name;

static void must(int good, const char *what)
{
	if (!good) {
		perror(what);
		exit(1);
	}
}

/* One dump, read to its end mark: how many messages it had. */
static long dump(int fd, int type, size_t header, char *buffer)
{
	struct {
		struct nlmsghdr head;
		char body[32];
	} ask = { .head = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP } };
	long messages = 0;

	ask.head.nlmsg_len = NLMSG_LENGTH(header);
	must(send(fd, &ask, ask.head.nlmsg_len, 0) >= 0, "send");
	for (;;) {
		int length = recv(fd, buffer, BUFFER, 0);
		must(length >= 0, "recv");
		struct nlmsghdr *h = (struct nlmsghdr *)buffer;
		for (; NLMSG_OK(h, length); h = NLMSG_NEXT(h, length)) {
			must(h->nlmsg_type != NLMSG_ERROR, "dump");
			if (h->nlmsg_type == NLMSG_DONE)
				return messages;
			messages++;
		}
	}
}

static long read_namespace(const char *name, char *buffer)
{
	char path[sizeof(FOLDER) + 1 + 256];
	long messages = 0;

	snprintf(path, sizeof(path), FOLDER "/%s", name);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	must(file >= 0, path);
	must(setns(file, CLONE_NEWNET) == 0, "setns");
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	must(fd >= 0, "socket");
	messages += dump(fd, RTM_GETLINK, sizeof(struct ifinfomsg), buffer);
	messages += dump(fd, RTM_GETADDR, sizeof(struct ifaddrmsg), buffer);
	messages += dump(fd, RTM_GETNEIGH, sizeof(struct ndmsg), buffer);
	messages += dump(fd, RTM_GETROUTE, sizeof(struct rtmsg), buffer);
	close(fd);
	close(file);
	return messages;
}

/* Takes the next name until there is none. */
static void *work(void *total)
{
	char *buffer = malloc(BUFFER);
	int i;

	must(buffer != NULL, "malloc");
	while ((i = __atomic_fetch_add(&next_name, 1, __ATOMIC_RELAXED)) < count)
		*(long *)total += read_namespace(names[i]->d_name, buffer);
	free(buffer);
	return NULL;
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	pthread_t thread[64];
	long total[64] = { 0 }, messages = 0;

	must(threads >= 1 && threads <= 64, "threads");
	count = scandir(FOLDER, &names, is_name, alphasort);
	must(count >= 0, FOLDER);
	for (int i = 1; i < threads; i++)
		must(pthread_create(&thread[i], NULL, work, &total[i]) == 0, "pthread_create");
	work(&total[0]);
	messages = total[0];
	for (int i = 1; i < threads; i++) {
		pthread_join(thread[i], NULL);
		messages += total[i];
	}
	printf("%d namespaces, %ld messages\n", count, messages);
	return 0;
}
