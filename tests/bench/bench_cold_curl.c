/* The least a program with libcurl must do to send one request. Started by bench_cold. */
#include <curl/curl.h>
#include <stdio.h>

static size_t on_write(char *data, size_t size, size_t count, void *user_data)
{
    (void)data;
    (void)user_data;
    return size * count;
}

int main(int argc, char **argv)
{
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "content-type: application/json");
    headers = curl_slist_append(headers, "x-api-key: sk-ant-benchmark-not-a-real-key");
    headers = curl_slist_append(headers, "anthropic-version: 2023-06-01");
    char url[256];
    if (argc != 2 || easy == NULL || headers == NULL)
        return 2;
    snprintf(url, sizeof url, "%s/v1/messages", argv[1]);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                     "{\"model\":\"claude-haiku-5-5\",\"max_tokens\":1024,"
                     "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    CURLcode rc = curl_easy_perform(easy);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    return rc == CURLE_OK ? 0 : 1;
}
