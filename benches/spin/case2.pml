/* Case 2 (encryption-based atomicity) with every safeguard on, for Spin: one purchase by honest parties on the untimed
 * clock, under at most BUDGET faults (drop, duplicate, crash).
 *
 * It is the model of tests/independent once more: one process, each step atomic, so that a stored state is the global
 * variables and the counts can be compared. With one key per TID the key needs no variable, and C holds the item exactly
 * when it knows that it was charged.
 *
 *   spin -DBUDGET=1 -a case2.pml && gcc -O3 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan -m10000000 -w24
 *
 * States stored here, and unique states of the stateright model (tests/independent_model.rs): the same.
 *   BUDGET 0:    15658
 *   BUDGET 1:   189431
 *   BUDGET 2:  1146473
 * (Spin leaves variables that nothing reads out of the state; one assertion below is there to read `sent_submit`.)
 */
#ifndef BUDGET
#define BUDGET 1
#endif

/* Messages: how many copies of each are under way. A send adds one only while there is none; see tests/independent. */
#define INQUIRY 0
#define QUOTE 1
#define ORDER 2
#define SUBMIT 3
#define GOODS 4
#define QUERY_C 5
#define QUERY_M 6
#define STATUS 7   /* + record */
#define ANSWER_C 10 /* + record */
#define ANSWER_M 13 /* + record */
byte net[16];

/* P's record. */
#define UNKNOWN 0
#define COMMITTED 1
#define ABORTED 2
byte record = UNKNOWN;

/* C: from QUOTED on it has saved the ciphertext, from ORDERED on it has signed. */
#define IDLE 0
#define ASKING 1
#define BLANK 2
#define QUOTED 3
#define ORDERED 4
#define CHARGED 5
#define NOT_CHARGED 6
byte customer = IDLE;

/* M. */
#define NONE 0
#define SUBMITTED 1
#define PAID 2
#define NOT_PAID 3
byte sale = NONE;
bit quoted, sent_submit;

#define UNSIGNED 0
#define LIVE 1
#define EXPIRED 2
byte instrument = UNSIGNED;

#define C 0
#define M 1
#define P 2
bit down[3];
byte faults = BUDGET;

inline fall(party) {
	faults--;
	down[party] = 1;
	if
	:: party == C && customer <= ASKING -> customer = BLANK
	:: else
	fi
}

/* The half-paid window: a crash between two effects ends the handler. */
inline gap(party) {
	if
	:: true
	:: faults > 0 -> fall(party); goto judged
	fi
}

inline send(m) {
	if
	:: net[m] == 0 -> net[m] = 1
	:: net[m] > 0
	:: faults > 0 -> faults--
	:: faults > 0 -> faults--; net[m] = net[m] + 1 + (net[m] == 0)
	fi
}

/* A message arrives: it is lost at a party that is down, or that crashes before it takes it. */
inline take(m, party) {
	net[m]--;
	if
	:: down[party] -> goto judged
	:: !down[party]
	:: !down[party] && faults > 0 -> fall(party); goto judged
	fi
}

inline submit() { sent_submit = 1; send(SUBMIT) }

inline merchant_hears(m, status) {
	take(m, M);
	if
	:: sale != SUBMITTED
	:: sale == SUBMITTED && status == UNKNOWN -> submit()
	:: sale == SUBMITTED && status == COMMITTED -> sale = PAID; gap(M); send(GOODS)
	:: sale == SUBMITTED && status == ABORTED -> sale = NOT_PAID
	fi
}

inline customer_hears(m, status) {
	take(m, C);
	if
	:: status == COMMITTED && customer >= ORDERED -> customer = CHARGED
	:: status == ABORTED && customer == ORDERED -> customer = NOT_CHARGED
	:: else
	fi
}

inline server_answers(m, answer) {
	take(m, P);
	if
	:: record == UNKNOWN && instrument == EXPIRED -> record = ABORTED; gap(P) /* tombstone */
	:: else
	fi;
	send(answer + record)
}

active proctype world() {
	do
	:: atomic {
		if
		/* C */
		:: customer == IDLE -> if :: customer = ASKING; send(INQUIRY) :: faults > 0 -> fall(C) fi
		:: net[QUOTE] > 0 -> take(QUOTE, C);
			if
			:: customer == ASKING -> customer = QUOTED; gap(C); customer = ORDERED; instrument = LIVE; gap(C); send(ORDER)
			:: else
			fi
		:: net[GOODS] > 0 -> customer_hears(GOODS, COMMITTED)
		:: net[ANSWER_C + UNKNOWN] > 0 -> customer_hears(ANSWER_C + UNKNOWN, UNKNOWN)
		:: net[ANSWER_C + COMMITTED] > 0 -> customer_hears(ANSWER_C + COMMITTED, COMMITTED)
		:: net[ANSWER_C + ABORTED] > 0 -> customer_hears(ANSWER_C + ABORTED, ABORTED)
		:: !down[C] && customer == ASKING -> send(INQUIRY)
		:: !down[C] && customer == ORDERED -> send(ORDER)
		:: !down[C] && customer == ORDERED -> send(QUERY_C)
		/* M */
		:: net[INQUIRY] > 0 -> take(INQUIRY, M);
			if
			:: quoted
			:: !quoted -> quoted = 1; gap(M)
			fi;
			send(QUOTE)
		:: net[ORDER] > 0 -> take(ORDER, M);
			if
			:: !quoted || sale == NOT_PAID
			:: quoted && sale == NONE -> sale = SUBMITTED; gap(M); submit()
			:: quoted && sale == SUBMITTED -> submit()
			:: quoted && sale == PAID -> send(GOODS)
			fi
		:: net[STATUS + COMMITTED] > 0 -> merchant_hears(STATUS + COMMITTED, COMMITTED)
		:: net[STATUS + ABORTED] > 0 -> merchant_hears(STATUS + ABORTED, ABORTED)
		:: net[ANSWER_M + UNKNOWN] > 0 -> merchant_hears(ANSWER_M + UNKNOWN, UNKNOWN)
		:: net[ANSWER_M + COMMITTED] > 0 -> merchant_hears(ANSWER_M + COMMITTED, COMMITTED)
		:: net[ANSWER_M + ABORTED] > 0 -> merchant_hears(ANSWER_M + ABORTED, ABORTED)
		:: !down[M] && sale == SUBMITTED -> submit()
		:: !down[M] && sale == SUBMITTED -> send(QUERY_M)
		/* P: the record and the transfer are one atomic write */
		:: net[SUBMIT] > 0 -> take(SUBMIT, P);
			if
			:: record != UNKNOWN
			:: record == UNKNOWN && instrument == EXPIRED -> record = ABORTED; gap(P)
			:: record == UNKNOWN && instrument != EXPIRED -> record = COMMITTED; gap(P)
			fi;
			send(STATUS + record)
		:: net[QUERY_C] > 0 -> server_answers(QUERY_C, ANSWER_C)
		:: net[QUERY_M] > 0 -> server_answers(QUERY_M, ANSWER_M)
		/* the clock, restarts, idle crashes */
		:: instrument == LIVE -> instrument = EXPIRED
		:: down[C] -> down[C] = 0
		:: down[M] -> down[M] = 0
		:: down[P] -> down[P] = 0
		:: faults > 0 && !down[C] && customer != IDLE -> fall(C)
		:: faults > 0 && !down[M] -> fall(M)
		:: faults > 0 && !down[P] -> fall(P)
		/* at rest: nobody is in doubt */
		:: timeout -> assert(customer != ORDERED && customer != ASKING && sale != SUBMITTED)
		fi;
judged:
		/* belief */
		assert(customer != NOT_CHARGED || record != COMMITTED);
		assert(sale != PAID || record == COMMITTED);
		assert(sale != PAID || sent_submit);
		assert(sale != NOT_PAID || record != COMMITTED);
		/* goods, the merchant's half and the customer's: P's k opens what C has saved, from the moment it commits */
		assert(customer != CHARGED || record == COMMITTED);
		assert(record != COMMITTED || customer >= ORDERED)
	}
	od
}
