import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** The Java client, as other people use it: SERVERS TOPIC BODY, and for each of several producers, one after the other,
 * PARTITION CODEC END IDS. Headers are NAME=VALUE in the environment's HEADERS, one a line. END is none, commit or abort, of
 * a transaction. Commas separate the ids. */
public class ForeignProducer {
    public static void main(String[] args) throws Exception {
        for (int at = 3; at < args.length; at += 4) {
            send(args[0], args[1], args[2], Integer.valueOf(args[at]), args[at + 1], args[at + 2], args[at + 3].split(","));
        }
    }

    static void send(String servers, String topic, String body, Integer partition, String codec, String end, String[] ids) {
        Properties settings = new Properties();
        settings.putAll(Map.of("bootstrap.servers", servers, "compression.type", codec, "linger.ms", "100"));
        boolean transaction = !end.equals("none");
        if (transaction) settings.put("transactional.id", "foreign-" + System.nanoTime());
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            if (transaction) {
                producer.initTransactions();
                producer.beginTransaction();
            }
            for (String id : ids) {
                var record = new ProducerRecord<>(topic, partition, "k", body);
                record.headers().add("ce_id", id.getBytes(StandardCharsets.UTF_8));
                for (String header : System.getenv("HEADERS").split("\n")) {
                    String[] parts = header.split("=", 2);
                    record.headers().add(parts[0], parts[1].getBytes(StandardCharsets.UTF_8));
                }
                producer.send(record);
            }
            producer.flush();
            if (end.equals("commit")) producer.commitTransaction();
            if (end.equals("abort")) producer.abortTransaction();
        }
    }
}
