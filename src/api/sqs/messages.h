// The operations on messages, one and in batches.
#pragma once

#include "api/sqs/operation.h"

namespace tidemill::sqs {

void send_message(queues::Queues& queues, const queues::QueueName& queue, Call call);
void send_message_batch(queues::Queues& queues, const queues::QueueName& queue, Call call);
void receive_message(queues::Queues& queues, const queues::QueueName& queue, Call call);
void delete_message(queues::Queues& queues, const queues::QueueName& queue, Call call);
void delete_message_batch(queues::Queues& queues, const queues::QueueName& queue, Call call);
void change_visibility(queues::Queues& queues, const queues::QueueName& queue, Call call);
void change_visibility_batch(queues::Queues& queues, const queues::QueueName& queue, Call call);

}  // namespace tidemill::sqs
